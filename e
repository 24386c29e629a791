The configuration is invalid:
  DRAIN_TIMEOUT_MS: expected a whole number from 0 to 600000, got “10s”.
