/** Where MLflow's older clients say that a version stands. Nothing follows it here: aliases are what moves traffic. */
export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;
export type Stage = (typeof STAGES)[number];
