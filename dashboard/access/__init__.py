"""Who may do what: permissions, roles, teams, projects, and the grants that join them."""
