//! Archives of an agent's state: taken consistently, hashed, verified, restored.
