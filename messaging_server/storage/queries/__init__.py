"""What the pages ask of the database: read-only, bounded, each on an index (DESIGN section 3)."""
