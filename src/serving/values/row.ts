/** Values by column, or by input. */
export type Row = Readonly<Record<string, unknown>>;
