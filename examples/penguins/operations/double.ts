/** JSON has no NaN and no infinity: these come as text. */
export type Double = number | 'NaN' | 'Infinity' | '-Infinity' | '-0';
