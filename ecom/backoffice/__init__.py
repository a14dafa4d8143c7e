"""The frame that the contexts' admins stand in: the site, its second factor, roles, history and looks."""
