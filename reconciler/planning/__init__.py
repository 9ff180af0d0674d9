"""Pure: (Spec, Snapshot) → Plan."""
