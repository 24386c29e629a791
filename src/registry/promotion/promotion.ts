import type { Actor } from '../../kernel/actor';
import type { Database } from '../../kernel/database/database';
import { invalidInput, notFound, refuse, revisionConflict } from '../../kernel/errors';
import type { InvalidInput, NotFound, Refusal, RevisionConflict } from '../../kernel/errors';
import { claimKey, rememberResult } from '../../kernel/idempotency';
import { newId } from '../../kernel/ids';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import type { Alias } from '../aliases/alias';
import type { AliasMoves } from '../aliases/alias-moves';
import type { GateRun } from './gate-run';
import { signatureGate, type GateResult } from './gates';
import type { ProjectId } from '../../kernel/ids';
import type { Model } from '../models/model';
import type { ModelVersion, ModelVersionId } from '../versions/model-version';
import { checkPromotion, type PromotionInput } from './promotion-input';
import { followsAlias, parseReference } from '../reference';
import type { ReferenceUsers } from '../reference-users';
import { gateNotPassed, type GateNotPassed } from '../registry.errors';
import { gateOf, storedGate, type StoredGate } from '../registry-rows';
import type { RegistryQueries } from '../registry.queries';
import type { RegistryStore } from '../registry.store';
import { lookBefore } from './replay';

/** Most aliases of one model: stages and a few variants, not one for each deployment. */
const MAX_ALIASES = 100;

interface Promoted {
  readonly ok: true;
  /** For a dry run: the alias as it would be. */
  readonly alias: Alias;
  /** What was live before; null where nothing was. */
  readonly previousId: ModelVersionId | null;
  readonly gates: readonly GateResult[];
}
export type PromotionResult = Promoted | Refusal<GateNotPassed | RevisionConflict | NotFound | InvalidInput>;

/** A version that asks to go live, and what was found out about it before the alias is locked. */
interface Candidate {
  readonly model: Model;
  readonly version: ModelVersion;
  readonly input: PromotionInput;
  /** Gates that do not depend on what the alias points at. */
  readonly ownGates: readonly GateResult[];
}

/** How a version goes live: gates first, then one compare-and-set. */
export class Promotion {
  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly queries: RegistryQueries;
      readonly store: RegistryStore;
      readonly gateRun: GateRun;
      readonly moves: AliasMoves;
      readonly users: ReferenceUsers;
    },
  ) {}

  async promote(actor: Actor, input: PromotionInput): Promise<PromotionResult> {
    const invalid = checkPromotion(input);
    if (invalid) return refuse(invalid);
    const { projectId } = actor;
    const request = { projectId, operation: 'promoteModelVersion', key: input.idempotencyKey, input };
    const earlier = await lookBefore(this.needs.database, request);
    if (earlier.kind === 'mismatch') return refuse(earlier.error);
    if (earlier.kind === 'replay') return answeredBefore(earlier.reference);

    const found = await this.find(actor, input);
    if (!found) return refuse(notFound('model version', input.ref));
    const current = await this.needs.queries.alias(found.model.id, input.alias);
    const conflict = conflictOf(input, current);
    if (conflict) return refuse(conflict); // before the gates: a stale caller need not wait for them

    const candidate = { ...found, input, ownGates: await this.ownGates(actor, found) };
    if (input.dryRun) return judge(candidate, current, await this.liveVersion(actor, current));
    return refusableTransaction(this.needs.database, async (tx) => {
      const claim = await claimKey(tx, request);
      if (claim.kind === 'mismatch') return refuse(claim.error);
      if (claim.kind === 'replay') return answeredBefore(claim.reference);
      const result = await this.move(tx, actor, candidate);
      if (result.ok) await rememberResult(tx, request, referenceTo(result));
      return result;
    });
  }

  private async find(
    actor: Actor,
    { ref }: PromotionInput,
  ): Promise<{ model: Model; version: ModelVersion } | null> {
    const [version] = await this.needs.queries.versionsByReferences(actor.projectId, [parseReference(ref)]);
    const [model] = version ? await this.needs.queries.modelsByIds(actor.projectId, [version.modelId]) : [];
    return version && model ? { model, version } : null;
  }

  private async ownGates(actor: Actor, { model, version }: { model: Model; version: ModelVersion }) {
    const { queries } = this.needs;
    const [metrics] = await queries.metricsOfVersions(actor.projectId, [version.id]);
    const [files] =
      version.format === 'OPAQUE' ? await queries.filesOfVersions(actor.projectId, [version.id]) : [];
    return this.needs.gateRun.run(model, version, metrics ?? [], files ?? []);
  }

  private async liveVersion(actor: Actor, alias: Alias | null): Promise<ModelVersion | null> {
    return alias && ((await this.needs.queries.versionsByIds(actor.projectId, [alias.versionId]))[0] ?? null);
  }

  /** Whether neither the version nor its model was deleted while the gates ran; nobody can from now on. */
  private async isThere(tx: Transaction, { model, version }: Candidate): Promise<boolean> {
    const { store } = this.needs;
    return (await store.shareModel(tx, model.id)) && (await store.version(tx, version.id)).deletedAt === null;
  }

  /** Endpoints that would have to run it. */
  private async followersOf(tx: Transaction, projectId: ProjectId, { model, input }: Candidate) {
    const users = await this.needs.users.usersOf(tx, projectId, model.name);
    return users.filter(({ ref }) => followsAlias(ref, input.alias)).map(({ endpoint }) => endpoint);
  }

  /** Judges and moves with the alias locked, so that what is judged is what is replaced. */
  private async move(tx: Transaction, actor: Actor, candidate: Candidate): Promise<PromotionResult> {
    const { model, version, input } = candidate;
    if (!(await this.isThere(tx, candidate))) return refuse(notFound('model version', input.ref));
    const opaque = version.format === 'OPAQUE' && (await this.followersOf(tx, actor.projectId, candidate));
    if (opaque && opaque.length > 0) return refuse(notServable(version.ref, input.alias, opaque));
    const current = await this.needs.store.lockAlias(tx, model.id, input.alias);
    const conflict = conflictOf(input, current);
    if (conflict) return refuse(conflict);
    const judged = judge(
      candidate,
      current,
      current && (await this.needs.store.version(tx, current.versionId)),
    );
    if (!judged.ok || current?.versionId === version.id) return judged;

    const details = { reason: input.reason ?? null, actorName: actor.keyName, gates: judged.gates };
    if (current)
      return { ...judged, alias: await this.needs.moves.promote(tx, model, current, version.id, details) };
    if ((await this.needs.store.countAliases(tx, model.id)) >= MAX_ALIASES)
      return refuse(tooManyAliases(input.alias));
    const alias = await this.needs.moves.create(tx, model, input.alias, version.id, details);
    // Null: somebody made the alias since we looked. It is there for good, so the second try ends.
    return alias ? { ...judged, alias } : this.move(tx, actor, candidate);
  }
}

/** The answer as it would be. A version that is live already need not move, but it is judged all the same. */
function judge(
  { model, version, input, ownGates }: Candidate,
  current: Alias | null,
  live: ModelVersion | null,
): PromotionResult {
  const acceptsContractBreak = input.acceptContractBreak ?? false;
  const gates = [
    ...ownGates,
    signatureGate({ current: live, next: version.signature, acceptsContractBreak }),
  ];
  if (gates.some(({ passed }) => !passed)) return refuse(gateNotPassed(version.ref, input.alias, gates));
  const base = current ?? { id: newId<'alias'>(), modelId: model.id, name: input.alias, revision: 0 };
  const revision = current?.versionId === version.id ? base.revision : base.revision + 1;
  const alias = { ...base, versionId: version.id, revision };
  return { ok: true, alias, previousId: current?.versionId ?? null, gates };
}

export function conflictOf(
  input: { readonly alias: string; readonly expectedRevision?: number | null },
  current: Alias | null,
): RevisionConflict | null {
  const expected = input.expectedRevision ?? null;
  const actual = current?.revision ?? 0;
  return expected === null || expected === actual
    ? null
    : revisionConflict(`alias “${input.alias}”`, expected, actual);
}

const notServable = (ref: string, alias: string, endpoints: readonly string[]) =>
  invalidInput([
    {
      path: 'ref',
      expected: `a version that can be served, since endpoints follow “${alias}” (${endpoints.slice(0, 5).join(', ')})`,
      actual: `${ref}, which is kept as files and never opened`,
    },
  ]);

const tooManyAliases = (alias: string) =>
  invalidInput([
    {
      path: 'alias',
      expected: `one of the model's ${MAX_ALIASES} aliases: there may be no more`,
      actual: `“${alias}”`,
    },
  ]);

type Remembered = Omit<Promoted, 'ok' | 'gates'> & { readonly gates: readonly StoredGate[] };

const referenceTo = ({ alias, previousId, gates }: Promoted): string =>
  JSON.stringify({ alias, previousId, gates: gates.map(storedGate) } satisfies Remembered);

function answeredBefore(reference: string): Promoted {
  const { alias, previousId, gates } = JSON.parse(reference) as Remembered;
  return { ok: true, alias, previousId, gates: gates.map(gateOf) };
}
