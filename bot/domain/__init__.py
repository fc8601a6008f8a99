"""The shared kernel, pure: resources, snapshot, check, finding, report, roles."""
