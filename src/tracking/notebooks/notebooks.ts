import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Artifact, Sha256 } from '../../kernel/artifacts/artifact';
import type { Database } from '../../kernel/database/database';
import { shorten } from '../../kernel/errors';
import { idOf } from '../../kernel/ids';
import { isStorable } from '../../kernel/database/sql';
import type { RunArtifact } from '../run';
import { compareNotebooks, type NotebookComparison } from './compare-notebooks';
import type { Notebook } from './notebook';
import { NotebookQueries } from './notebooks.queries';
import type { OutputView } from './output-lines';
import { percentScript, type Script } from './percent-script';
import {
  MAX_NOTEBOOK_BYTES,
  notebookTooLarge,
  readNotebook,
  unreadable,
  type UnreadableNotebook,
} from './read-notebook';

const SUFFIX = '.ipynb';

/** Where a notebook is: a run's node id, and the path under which the run knows it. */
export interface NotebookPlace {
  readonly runId: string;
  readonly path: string;
}

export interface RunNotebook {
  readonly file: RunArtifact;
  readonly notebook: Notebook;
}

/** Files of runs that are notebooks: shown, written as scripts, and compared. Nothing of a notebook is ever run. */
export class Notebooks {
  private readonly queries: NotebookQueries;

  constructor(private readonly needs: { readonly database: Database; readonly artifacts: Artifacts }) {
    this.queries = new NotebookQueries(needs.database);
  }

  /** Null where there is no such run, or it has no such file. */
  async ofRun(
    actor: Actor,
    { runId, path }: NotebookPlace,
  ): Promise<RunNotebook | UnreadableNotebook | null> {
    authorize(actor, 'platform:read');
    const id = idOf('run', runId);
    if (id === null || !isStorable(path)) return null;
    const file = await this.queries.file(actor.projectId, id, path);
    if (!file) return null;
    if (!file.path.toLowerCase().endsWith(SUFFIX))
      return unreadable(
        'NOT_A_NOTEBOOK',
        `“${shorten(file.path)}” is no notebook: its name does not end in ${SUFFIX}.`,
      );
    const notebook = await this.read(file);
    return 'kind' in notebook ? notebook : { file, notebook };
  }

  /** Cell by cell. Null where one of the two is not there; which of the two cannot be read, the sentence says. */
  async compare(
    actor: Actor,
    a: NotebookPlace,
    b: NotebookPlace,
    view: OutputView,
  ): Promise<NotebookComparison | UnreadableNotebook | null> {
    const sides: RunNotebook[] = [];
    for (const [name, place] of [['a', a] as const, ['b', b] as const]) {
      const side = await this.ofRun(actor, place);
      if (side === null) return null;
      if ('kind' in side) return { ...side, message: `${name}: ${side.message}` };
      sides.push(side);
    }
    const [first, second] = sides;
    return first && second ? compareNotebooks(first.notebook, second.notebook, view) : null;
  }

  /** The bytes of an artifact as a script, whatever a run calls them. Null where the project has no such artifact. */
  async script(actor: Actor, sha256: Sha256): Promise<Script | UnreadableNotebook | null> {
    authorize(actor, 'platform:read');
    const artifact = await this.needs.artifacts.find(actor.projectId, sha256);
    if (!artifact) return null;
    const notebook = await this.read(artifact);
    if ('kind' in notebook) return notebook;
    return percentScript(notebook) ?? unknownLanguage(notebook);
  }

  private async read(artifact: Artifact): Promise<Notebook | UnreadableNotebook> {
    if (artifact.sizeBytes > MAX_NOTEBOOK_BYTES) return notebookTooLarge(artifact.sizeBytes);
    const pieces: Buffer[] = [];
    for await (const piece of await this.needs.artifacts.read(artifact)) pieces.push(piece as Buffer);
    return readNotebook(Buffer.concat(pieces));
  }
}

const unknownLanguage = ({ language }: Notebook): UnreadableNotebook =>
  unreadable(
    'UNKNOWN_LANGUAGE',
    `The notebook is in “${shorten(language ?? '')}”, and nobody here knows how a comment is marked there. Download the notebook itself.`,
  );
