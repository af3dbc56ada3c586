"""What a clinic offers and keeps: places, staff, procedures, rules, patients, keys."""
