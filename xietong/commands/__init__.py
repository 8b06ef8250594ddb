"""Commands 命令: a module a command, `add_arguments(parser)` and `run(arguments) -> exit status`, in the wing of its
work. What commands of a wing print lies beside them; what all share is in `terminal`. xietong.cli lists the commands.
"""
