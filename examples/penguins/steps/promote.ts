import type { Client } from '../client';
import type { Narrator } from '../narrator';
import {
  type Alias,
  ALIAS_OF_MODEL,
  type ModelVersion,
  PROMOTE_MODEL_VERSION,
  ROLLBACK_ALIAS,
} from '../operations/registry';
import { expectMember, expectRefusal, gateLine } from '../outcome';
import { MODEL } from './declare-model';

export const ALIAS = 'production';

/** Points `production` at a version that passes its gates. */
export async function promote(
  client: Client,
  narrator: Narrator,
  version: ModelVersion,
  reason: string,
): Promise<void> {
  const result = await tryToPromote(client, version, reason);
  const { alias, previous, gates } = expectMember(result, 'PromoteModelVersionSuccess');
  narrator.say(...gates.map(gateLine), `${aliasLine(alias)}, before it was ${previous?.ref ?? 'nothing'}`);
}

/** A version that fails its gates stays where it is, and so does the alias. */
export async function promoteInVain(
  client: Client,
  narrator: Narrator,
  version: ModelVersion,
): Promise<void> {
  const result = await tryToPromote(client, version, 'Trying it on.');
  const refusal = expectRefusal(result, 'GateNotPassedError');
  narrator.say(`refused (${refusal.code}): ${refusal.message}`, ...(refusal.gates ?? []).map(gateLine));
  const alias = await readAlias(client);
  narrator.say(alias ? aliasLine(alias) : `${ALIAS} points at nothing`);
}

/** Back to the version that was live before. */
export async function rollBack(client: Client, narrator: Narrator): Promise<void> {
  const input = {
    model: MODEL,
    alias: ALIAS,
    reason: 'Showing the way back.',
    ...expectation(await readAlias(client)),
  };
  const { rollbackAlias } = await client.call(ROLLBACK_ALIAS, { input });
  const { alias, from } = expectMember(rollbackAlias, 'RollbackAliasSuccess');
  narrator.say(`back: ${aliasLine(alias)}, from ${from.ref}`);
}

async function tryToPromote(client: Client, version: ModelVersion, reason: string) {
  const input = { ref: version.ref, alias: ALIAS, reason, ...expectation(await readAlias(client)) };
  const { promoteModelVersion } = await client.call(PROMOTE_MODEL_VERSION, { input });
  return promoteModelVersion;
}

async function readAlias(client: Client): Promise<Alias | null> {
  const { model } = await client.call(ALIAS_OF_MODEL, { model: MODEL, alias: ALIAS });
  return model?.alias ?? null;
}

/** Whoever decided on what they read is refused if somebody else moved the alias meanwhile. */
const expectation = (alias: Alias | null) => (alias ? { expectedRevision: alias.revision } : {});

const aliasLine = ({ name, version, revision }: Alias) => `${name} → ${version.ref} (revision ${revision})`;
