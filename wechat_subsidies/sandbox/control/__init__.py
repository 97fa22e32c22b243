"""What people and other programs ask of a running sandbox: the control API and the status page."""
