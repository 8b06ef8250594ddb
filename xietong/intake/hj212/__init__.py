"""The HJ 212 listener: connections of devices, who may speak, what they are asked, the gate of commands that write."""
