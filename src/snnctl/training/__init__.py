"""Training: optimisers, schedules, and a loop that keeps many steps on the device."""
