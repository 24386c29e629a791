import { Args, Field, FieldResolver, Int, ObjectType, registerEnumType, Resolver, Root } from 'type-graphql';
import {
  connectionOf,
  listComplexity,
  pageComplexity,
  PageArgs,
  toConnection,
} from '../../kernel/connection.graphql';
import {
  outputDiff,
  sourceDiff,
  type CellChange,
  type ComparedCell,
  type NotebookComparison,
} from './compare-notebooks';
import { MAX_DIFF_LINES, type DiffLine, type LineChange, type LineDiff } from './line-diff';
import type { CellMatch } from './match-cells';
import type { NotebookCell } from './notebook';
import { NotebookCellType, pageOf } from './notebook-cell.graphql';

const CellChangeEnum = {
  UNCHANGED: 'UNCHANGED',
  CHANGED: 'CHANGED',
  ADDED: 'ADDED',
  REMOVED: 'REMOVED',
  MOVED: 'MOVED',
} as const satisfies { readonly [Change in CellChange]: Change };
registerEnumType(CellChangeEnum, {
  name: 'CellChange',
  description: 'What became of a cell.',
  valuesConfig: {
    UNCHANGED: { description: 'It is as it was, and where it was.' },
    CHANGED: { description: 'Something in it differs, wherever it stands now.' },
    ADDED: { description: 'Only the later notebook has it.' },
    REMOVED: { description: 'Only the earlier notebook has it.' },
    MOVED: { description: 'It is as it was, and stands elsewhere among the others.' },
  },
});

const CellMatchEnum = { ID: 'ID', CONTENT: 'CONTENT' } as const satisfies {
  readonly [By in CellMatch['by']]: By;
};
registerEnumType(CellMatchEnum, {
  name: 'CellMatch',
  description: 'What tells that two cells are one.',
  valuesConfig: {
    ID: { description: 'Both have the same id.' },
    CONTENT: { description: 'What they say is the same, or similar, and they stand in the same order.' },
  },
});

const LineChangeEnum = { SAME: 'SAME', ADDED: 'ADDED', REMOVED: 'REMOVED' } as const satisfies {
  readonly [Change in LineChange]: Change;
};
registerEnumType(LineChangeEnum, {
  name: 'LineChange',
  description: 'What became of a line.',
  valuesConfig: {
    SAME: { description: 'Both have it; it stands near a change.' },
    ADDED: { description: 'Only the later one has it.' },
    REMOVED: { description: 'Only the earlier one has it.' },
  },
});

@ObjectType('DiffLine', { description: 'A line of a difference.' })
class DiffLineType {
  @Field(() => LineChangeEnum, { description: 'What became of it.' })
  readonly change!: LineChange;

  @Field(() => String, { description: 'What it says.' })
  readonly text!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Its number in the earlier one, from 1. Null where it is new.',
  })
  readonly lineA!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Its number in the later one, from 1. Null where it is gone.',
  })
  readonly lineB!: number | null;
}

@ObjectType('LineDiff', { description: 'How two texts differ, line by line.' })
class LineDiffType {
  @Field(() => [DiffLineType], {
    description: `What changed, and up to three lines around it: at most ${MAX_DIFF_LINES} lines.`,
    complexity: listComplexity,
  })
  readonly lines!: readonly DiffLine[];

  @Field(() => Int, { description: 'Lines that were added.' })
  readonly added!: number;

  @Field(() => Int, { description: 'Lines that were removed.' })
  readonly removed!: number;

  @Field(() => Boolean, { description: 'Whether all changes are among the lines.' })
  readonly isWhole!: boolean;
}

@ObjectType('ComparedCell', { description: 'A cell of two notebooks, or of one of them.' })
class ComparedCellType {
  @Field(() => CellChangeEnum, { description: 'What became of it.' })
  readonly change!: CellChange;

  @Field(() => NotebookCellType, {
    nullable: true,
    description: 'As the earlier one has it. Null where it was added.',
  })
  readonly a!: NotebookCell | null;

  @Field(() => NotebookCellType, {
    nullable: true,
    description: 'As the later one has it. Null where it was removed.',
  })
  readonly b!: NotebookCell | null;

  @Field(() => CellMatchEnum, {
    nullable: true,
    description: 'What tells that the two are one cell. Null where there is one only.',
  })
  readonly matchedBy!: CellMatch['by'] | null;

  @Field(() => Boolean, {
    description: 'Whether it stands elsewhere among the others; it may have changed as well.',
  })
  readonly isMoved!: boolean;

  @Field(() => Boolean, { description: 'Whether its text, or its kind, differs.' })
  readonly sourceChanged!: boolean;

  @Field(() => Boolean, { description: 'Whether what it has shown differs.' })
  readonly outputsChanged!: boolean;

  @Field(() => [String], {
    description: 'Keys of its metadata that differ, without what editors write by themselves; at most 50.',
  })
  readonly metadataChanges!: readonly string[];

  @Field(() => Boolean, {
    description: 'Whether the number of its execution differs; false where nobody asked.',
  })
  readonly executionCountChanged!: boolean;
}

@Resolver(() => ComparedCellType)
class ComparedCellFields {
  @FieldResolver(() => LineDiffType, {
    nullable: true,
    description: 'How its text differs. Null where it does not.',
  })
  sourceDiff(@Root() cell: ComparedCell): LineDiff | null {
    return sourceDiff(cell);
  }

  @FieldResolver(() => LineDiffType, {
    nullable: true,
    description:
      'How differs what it has shown, with the form in brackets above each: `[stdout]`, `[text/html]`. Null where it does not.',
  })
  outputDiff(@Root() cell: ComparedCell): LineDiff | null {
    return outputDiff(cell);
  }
}

const ComparedCellConnection = connectionOf<ComparedCell>('ComparedCell', () => ComparedCellType);

@ObjectType('CellCounts', { description: 'How many cells became what.' })
class CellCountsType {
  @Field(() => Int, { description: 'As they were, and where they were.' })
  readonly unchanged!: number;

  @Field(() => Int, { description: 'With something that differs.' })
  readonly changed!: number;

  @Field(() => Int, { description: 'Only in the later one.' })
  readonly added!: number;

  @Field(() => Int, { description: 'Only in the earlier one.' })
  readonly removed!: number;

  @Field(() => Int, { description: 'As they were, elsewhere.' })
  readonly moved!: number;
}

@ObjectType('NotebookComparison', { description: 'Two notebooks, cell by cell.' })
export class NotebookComparisonType {
  @Field(() => [String], {
    description: 'Keys of the notebooks’ own metadata that differ, such as `kernelspec`; at most 50.',
  })
  readonly metadataChanges!: readonly string[];
}

@Resolver(() => NotebookComparisonType)
class NotebookComparisonFields {
  @FieldResolver(() => CellCountsType, { description: 'How many cells became what.' })
  counts(@Root() { cells }: NotebookComparison): CellCountsType {
    const count = (change: CellChange) => cells.filter((cell) => cell.change === change).length;
    return {
      unchanged: count('UNCHANGED'),
      changed: count('CHANGED'),
      added: count('ADDED'),
      removed: count('REMOVED'),
      moved: count('MOVED'),
    };
  }

  @FieldResolver(() => ComparedCellConnection, {
    description: 'All cells, in the order of the later one; what was removed stands where it stood.',
    complexity: pageComplexity,
  })
  cells(@Root() { cells }: NotebookComparison, @Args(() => PageArgs) args: PageArgs) {
    return toConnection(pageOf(cells, args));
  }
}

export const NOTEBOOK_COMPARISON_RESOLVERS = [NotebookComparisonFields, ComparedCellFields] as const;
