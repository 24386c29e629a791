import { Field, FieldResolver, Int, ObjectType, registerEnumType, Resolver, Root } from 'type-graphql';
import { pageRequest, type PageArgs } from '../../kernel/connection.graphql';
import { toPage, type Page } from '../../kernel/cursor';
import { Failure } from '../../kernel/errors';
import type { CellKind, NotebookCell, NotebookOutput, OutputForm, OutputKind } from './notebook';
import { isImage } from './output-lines';

export const CellKindEnum = { CODE: 'CODE', MARKDOWN: 'MARKDOWN', RAW: 'RAW' } as const satisfies {
  readonly [Kind in CellKind]: Kind;
};
registerEnumType(CellKindEnum, {
  name: 'CellKind',
  description: 'What a cell of a notebook is.',
  valuesConfig: {
    CODE: { description: 'Code of the notebook’s language.' },
    MARKDOWN: { description: 'Text, in Markdown.' },
    RAW: { description: 'Text that nobody touches.' },
  },
});

const OutputKindEnum = {
  STREAM: 'STREAM',
  RESULT: 'RESULT',
  DISPLAY: 'DISPLAY',
  ERROR: 'ERROR',
} as const satisfies { readonly [Kind in OutputKind]: Kind };
registerEnumType(OutputKindEnum, {
  name: 'OutputKind',
  description: 'How an output of a cell came about.',
  valuesConfig: {
    STREAM: { description: 'Printed.' },
    RESULT: { description: 'The value of the cell.' },
    DISPLAY: { description: 'Shown while the cell ran.' },
    ERROR: { description: 'The error that ended it.' },
  },
});

/** Outputs of a cell, and characters of one, that are answered: the file has the rest. */
const MAX_OUTPUTS = 50;
const MAX_TEXT = 10_000;
/** What a page of cells costs is counted with so many for each. */
const USUAL_OUTPUTS = 2;

@ObjectType('NotebookOutput', { description: 'What a code cell has shown when it was run.' })
class NotebookOutputType {
  @Field(() => OutputKindEnum, { description: 'How it came about.' })
  readonly kind!: OutputKind;

  @Field(() => String, {
    nullable: true,
    description: 'Of a stream its name (`stdout`), of an error its class; else null.',
  })
  readonly name!: string | null;
}

@ObjectType('NotebookCell', { description: 'A cell of a notebook.' })
export class NotebookCellType {
  @Field(() => String, {
    nullable: true,
    description: 'Its name in the notebook, from format 4.5 on. Null where it has none.',
  })
  readonly id!: string | null;

  @Field(() => CellKindEnum, { description: 'What it is.' })
  readonly kind!: CellKind;

  @Field(() => String, { description: 'Its text.' })
  readonly source!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Which of the kernel’s executions ran it last. Null where it was not run, or is no code.',
  })
  readonly executionCount!: number | null;
}

@Resolver(() => NotebookCellType)
class NotebookCellFields {
  @FieldResolver(() => [NotebookOutputType], {
    description: `What it has shown: at most the first ${MAX_OUTPUTS}.`,
    complexity: ({ childComplexity }) => 1 + USUAL_OUTPUTS * childComplexity,
  })
  outputs(@Root() { outputs }: NotebookCell): readonly NotebookOutput[] {
    return outputs.slice(0, MAX_OUTPUTS);
  }

  @FieldResolver(() => Int, { description: 'How many outputs it has.' })
  outputCount(@Root() { outputs }: NotebookCell): number {
    return outputs.length;
  }
}

@Resolver(() => NotebookOutputType)
class NotebookOutputFields {
  @FieldResolver(() => [String], { description: 'The forms that it is there in.' })
  mimeTypes(@Root() { forms }: NotebookOutput): readonly string[] {
    return forms.map(({ mimeType }) => mimeType);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: `It as text: plain where there is such a form, of at most ${MAX_TEXT} characters. Null where it is nothing but pictures.`,
  })
  text(@Root() { forms }: NotebookOutput): string | null {
    return asText(forms)?.slice(0, MAX_TEXT) ?? null;
  }
}

const asText = (forms: readonly OutputForm[]): string | undefined =>
  (
    forms.find(({ mimeType }) => mimeType === 'text/plain') ??
    forms.find(({ mimeType }) => !isImage(mimeType))
  )?.text;

/** A page of a list that is in memory, and never changes: its cursors are places in it. */
export function pageOf<Row>(rows: readonly Row[], args: PageArgs): Page<Row> {
  const request = pageRequest(args, 1);
  const after = request.after === null ? -1 : request.after[0];
  if (typeof after !== 'number' || !Number.isInteger(after) || after < -1)
    throw new Failure('BAD_USER_INPUT', 'after: expected the endCursor of a page of this list.');
  const placed = rows
    .slice(after + 1, after + request.first + 2)
    .map((row, at) => ({ row, at: after + 1 + at }));
  const page = toPage(placed, request, ({ at }) => [at]);
  return { ...page, nodes: page.nodes.map(({ row }) => row) };
}

export const NOTEBOOK_CELL_RESOLVERS = [NotebookCellFields, NotebookOutputFields] as const;
