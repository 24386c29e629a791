import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { decodeCursor, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, type Page, type PageRequest } from './cursor';
import { Failure } from './errors';

@ObjectType('PageInfo', { description: 'Where a page of a list ends.' })
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether more rows follow this page.' })
  hasNextPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Give it as `after` for the next page. Null for an empty page.',
  })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `Rows wanted: 1 to ${MAX_PAGE_SIZE}; ${DEFAULT_PAGE_SIZE} if absent.`,
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'The `endCursor` of the page before.' })
  after?: string | null;
}

/** A page of a list that is filtered by `name`. */
@ArgsType()
export class NamedPageArgs extends PageArgs {
  @Field(() => String, {
    nullable: true,
    description:
      "Comparisons of `name` joined by AND, OR and NOT, for example `name LIKE 'pen%' OR name IN ('iris', 'wine')`.",
  })
  filter?: string | null;
}

/** Checks the arguments of a list whose cursors have `cursorLength` keys. */
export function pageRequest({ first, after }: PageArgs, cursorLength: number): PageRequest {
  const size = first ?? DEFAULT_PAGE_SIZE;
  if (size < 1 || size > MAX_PAGE_SIZE) {
    throw new Failure('BAD_USER_INPUT', `first: expected 1 to ${MAX_PAGE_SIZE}, got ${size}.`);
  }
  const cursor = after === null || after === undefined ? null : decodeCursor(after, cursorLength);
  if (after !== null && after !== undefined && cursor === null) {
    throw new Failure('BAD_USER_INPUT', 'after: expected the endCursor of a page of this list.');
  }
  return { first: size, after: cursor };
}

/** The object type `XConnection`. */
export function connectionOf<Row extends object>(
  name: string,
  node: () => ClassType<object>,
): ClassType<ConnectionOf<Row>> {
  @ObjectType(`${name}Connection`, { description: `One page of ${name} rows.` })
  class Connection {
    @Field(() => [node()], { description: 'The rows, in order.' })
    nodes!: readonly Row[];

    @Field(() => PageInfoType, { description: 'Where the page ends.' })
    pageInfo!: PageInfoType;
  }
  return Connection;
}

export interface ConnectionOf<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: PageInfoType;
}

export const toConnection = <Row>({ nodes, hasNextPage, endCursor }: Page<Row>): ConnectionOf<Row> => ({
  nodes,
  pageInfo: { hasNextPage, endCursor },
});

/** One page of a list whose rows have names, and whose cursors have one key. */
export const namedPage = async <Row>(
  args: NamedPageArgs,
  read: (filter: string | null, page: PageRequest) => Promise<Page<Row>>,
): Promise<ConnectionOf<Row>> => toConnection(await read(args.filter ?? null, pageRequest(args, 1)));

/**
 * Cost of a list field: the rows it may answer times the cost of one. A size that is refused later costs like one
 * allowed.
 */
export function pageComplexity({
  args,
  childComplexity,
}: {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}): number {
  const first = typeof args.first === 'number' ? args.first : DEFAULT_PAGE_SIZE;
  return 1 + Math.min(Math.max(first, 1), MAX_PAGE_SIZE) * childComplexity;
}

/** Cost of a short list whose length no argument tells. */
export const LIST_COMPLEXITY = 10;
export const listComplexity = ({ childComplexity }: { childComplexity: number }): number =>
  1 + LIST_COMPLEXITY * childComplexity;
