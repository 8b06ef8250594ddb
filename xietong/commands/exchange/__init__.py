"""Exchange 数据交换: files in and out: packages, sheets, workbooks of a month, HJ 212 frames."""
