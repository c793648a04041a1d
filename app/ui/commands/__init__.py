"""Every command, as actions in menus, with its keys, and found by typing."""
