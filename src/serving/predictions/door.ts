/** By which protocol a caller came. */
export const DOORS = ['graphql', 'open-inference-http', 'open-inference-grpc', 'tf-serving'] as const;
export type Door = (typeof DOORS)[number];
