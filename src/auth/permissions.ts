import type { Actor, Role } from '../kernel/actor';
import { forbidden } from '../kernel/errors';

/** Every permission, and the roles that have it. What is not listed is denied. */
const ROLES_WITH = {
  'platform:read': ['viewer', 'contributor', 'deployer', 'admin'],
  'artifact:write': ['contributor', 'deployer', 'admin'],
  'dataset:write': ['contributor', 'deployer', 'admin'],
  'tracking:write': ['contributor', 'deployer', 'admin'],
  'tracking:purge': ['admin'],
  'registry:write': ['contributor', 'deployer', 'admin'],
  'registry:promote': ['deployer', 'admin'],
  'endpoint:deploy': ['deployer', 'admin'],
  'endpoint:inspect': ['deployer', 'admin'],
  'endpoint:predict': ['contributor', 'deployer', 'admin'],
  'webhook:manage': ['admin'],
  'server:observe': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof ROLES_WITH;

/** Whether the caller's role has the permission: for what shows more to some than to others. */
export function mayDo(actor: Actor, permission: Permission): boolean {
  const roles: readonly Role[] = ROLES_WITH[permission];
  return roles.includes(actor.role);
}

/** Throws FORBIDDEN where the caller's role lacks the permission. Every use case begins with it. */
export function authorize(actor: Actor, permission: Permission): void {
  if (!mayDo(actor, permission)) throw forbidden(permission);
}

/** The sentence that describes the permission in the schema. */
export const requires = (permission: Permission): string => `Requires \`${permission}\`.`;
