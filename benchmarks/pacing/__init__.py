"""How exactly iterations begin when they are due."""
