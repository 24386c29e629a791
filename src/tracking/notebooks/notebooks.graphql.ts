import { posix } from 'node:path';
import {
  Arg,
  Args,
  createUnionType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { connectionOf, pageComplexity, PageArgs, toConnection } from '../../kernel/connection.graphql';
import type { Context } from '../../kernel/context.graphql';
import { encodeNodeId } from '../../kernel/ids';
import type { Typed } from '../../kernel/node.graphql';
import { UserErrorType } from '../../kernel/user-error.graphql';
import type { Run, RunArtifact, Tracking } from '../tracking';
import { ArtifactType, RunType } from '../tracking.graphql';
import { executedInOrder, type Kernel, type NotebookCell } from './notebook';
import { NOTEBOOK_CELL_RESOLVERS, NotebookCellType, pageOf } from './notebook-cell.graphql';
import { NOTEBOOK_COMPARISON_RESOLVERS, NotebookComparisonType } from './notebook-comparison.graphql';
import type { NotebookPlace, RunNotebook } from './notebooks';
import { percentScript } from './percent-script';
import { MAX_CELLS, MAX_NOTEBOOK_BYTES, type UnreadableNotebook } from './read-notebook';

/** Reading one may cost the server a tenth of a second: eleven of them are one operation's worth. */
const COST_OF_NOTEBOOK = 450;

@ObjectType('NotebookKernel', { description: 'What a notebook says it is to be run by.' })
class NotebookKernelType {
  @Field(() => String, { nullable: true, description: 'Its name on the machine where it ran: `python3`.' })
  readonly name!: string | null;

  @Field(() => String, { nullable: true, description: 'Its name for people: `Python 3 (ipykernel)`.' })
  readonly displayName!: string | null;
}

@ObjectType('NotebookScript', {
  description:
    'A notebook as a plain program, in Jupytext’s percent format: cells begin with `# %%`, and whatever is no code of its language is commented.',
})
class NotebookScriptType {
  @Field(() => String, {
    description: 'Name for the file: the notebook’s own with the suffix of its language.',
  })
  readonly name!: string;

  @Field(() => String, { description: 'The whole script.' })
  readonly text!: string;

  @Field(() => String, { description: 'Path on this server that downloads it, with a credential.' })
  readonly downloadPath!: string;
}

const NotebookCellConnection = connectionOf<NotebookCell>('NotebookCell', () => NotebookCellType);

@ObjectType('Notebook', {
  description: 'A Jupyter notebook that a run has as a file. Nothing of it is ever run here.',
})
class NotebookType {
  @Field(() => ArtifactType, { description: 'The file itself.' })
  readonly file!: RunArtifact;
}

@ObjectType('UnreadableNotebookError', {
  implements: UserErrorType,
  description: `The file cannot be read as a notebook: it is no JSON, no notebook of format 3 or 4, has more than ${MAX_CELLS} cells or more than ${MAX_NOTEBOOK_BYTES} bytes.`,
})
class UnreadableNotebookErrorType extends UserErrorType {}

const NotebookResult = createUnionType({
  name: 'NotebookResult',
  description: 'A notebook, or why the file cannot be read as one.',
  types: () => [NotebookType, UnreadableNotebookErrorType] as const,
});
const CompareNotebooksResult = createUnionType({
  name: 'CompareNotebooksResult',
  description: 'How two notebooks differ, or why one of them cannot be read.',
  types: () => [NotebookComparisonType, UnreadableNotebookErrorType] as const,
});

@InputType('NotebookInput', { description: 'Where a notebook is.' })
class NotebookInputType implements NotebookPlace {
  @Field(() => ID, { description: 'The run that has it.' })
  readonly runId!: string;

  @Field(() => String, { description: 'Its path among the run’s files.' })
  readonly path!: string;
}

const typed = <Value extends object>(
  type: string,
  result: Value | UnreadableNotebook | null,
): ((Value | UnreadableNotebook) & Typed) | null =>
  result && { ...result, __typename: 'kind' in result ? result.kind : type };

@Resolver(() => NotebookType)
class NotebookFields {
  @FieldResolver(() => String, { description: 'Version of the notebook format: `4.5`.' })
  format(@Root() { notebook }: RunNotebook): string {
    return notebook.format;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'As the notebook says it. Null where it does not.',
  })
  language(@Root() { notebook }: RunNotebook): string | null {
    return notebook.language;
  }

  @FieldResolver(() => NotebookKernelType, { description: 'What is to run it.' })
  kernel(@Root() { notebook }: RunNotebook): Kernel {
    return notebook.kernel;
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    description:
      'Whether every code cell that is not empty was run, each later than the one above it: else what it shows need not follow from what it says. Null where nothing was run.',
  })
  executedInOrder(@Root() { notebook }: RunNotebook): boolean | null {
    return executedInOrder(notebook);
  }

  @FieldResolver(() => NotebookScriptType, {
    nullable: true,
    description:
      'The same as a plain program. Null where nobody here knows how its language marks a comment.',
  })
  script(@Root() { notebook, file }: RunNotebook): NotebookScriptType | null {
    const script = percentScript(notebook);
    return (
      script && {
        name: `${posix.parse(file.path).name}${script.suffix}`,
        text: script.text,
        downloadPath: `/artifacts/sha256/${file.sha256}/script`,
      }
    );
  }

  @FieldResolver(() => NotebookCellConnection, {
    description: 'Its cells, from the first to the last.',
    complexity: pageComplexity,
  })
  cells(@Root() { notebook }: RunNotebook, @Args(() => PageArgs) args: PageArgs) {
    return toConnection(pageOf(notebook.cells, args));
  }
}

@Resolver(() => RunType)
class RunNotebookFields {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @FieldResolver(() => NotebookResult, {
    nullable: true,
    description:
      'One of its files whose name ends in `.ipynb`, read. Null where it has no file at that path.',
    complexity: ({ childComplexity }) => COST_OF_NOTEBOOK + childComplexity,
  })
  async notebook(
    @Root() run: Run,
    @Arg('path', () => String, { description: 'Path of the file, as in `artifacts`.' }) path: string,
    @Ctx() { actor }: Context,
  ) {
    const place = { runId: encodeNodeId('run', run.id), path };
    return typed('Notebook', await this.services.tracking.notebooks.ofRun(actor, place));
  }
}

@Resolver()
class NotebookQueries {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Query(() => CompareNotebooksResult, {
    nullable: true,
    description:
      'Compares two notebooks cell by cell. Null where one of them is not there. Colours, addresses in memory and what editors write by themselves are no differences.',
    complexity: ({ childComplexity }) => 2 * COST_OF_NOTEBOOK + childComplexity,
  })
  async compareNotebooks(
    @Arg('a', () => NotebookInputType, { description: 'The earlier one.' }) a: NotebookInputType,
    @Arg('b', () => NotebookInputType, { description: 'The later one.' }) b: NotebookInputType,
    @Arg('images', () => Boolean, {
      defaultValue: false,
      description: 'Whether pictures among the outputs are compared too.',
    })
    images: boolean,
    @Arg('executionCounts', () => Boolean, {
      defaultValue: false,
      description: 'Whether the numbers of executions are compared too.',
    })
    executionCounts: boolean,
    @Ctx() { actor }: Context,
  ) {
    const view = { images, executionCounts };
    return typed('NotebookComparison', await this.services.tracking.notebooks.compare(actor, a, b, view));
  }
}

export const NOTEBOOK_RESOLVERS = [
  NotebookQueries,
  NotebookFields,
  RunNotebookFields,
  ...NOTEBOOK_CELL_RESOLVERS,
  ...NOTEBOOK_COMPARISON_RESOLVERS,
] as const;
