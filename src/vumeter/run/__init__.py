"""The conductor: owns a run from launch to summary, and serves its control API."""
