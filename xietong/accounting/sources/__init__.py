"""Sources 数据来源: statements, meters, instruments, stocks and coefficients of one item of one subject.

`precedence` says which of them counts and what stands beside it."""
