import type { ProjectId } from './ids';

export const ROLES = ['viewer', 'contributor', 'deployer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is calling: the credential fixes the project, and so every name that the caller can see. */
export interface Actor {
  readonly keyId: string;
  readonly keyName: string;
  readonly role: Role;
  readonly projectId: ProjectId;
}
