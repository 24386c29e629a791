/**
 * Imported before everything else: graphql-js checks its callers' mistakes at each call unless this is set when it is
 * loaded, which costs a prediction more than the model does.
 */
process.env.NODE_ENV ??= 'production';
