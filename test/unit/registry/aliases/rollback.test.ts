import fc from 'fast-check';
import { linkPromotion, linkRollback, type MoveLink } from '../../../../src/registry/aliases/rollback';

/** An alias's history as the database keeps it: one link a move, never changed. */
class History {
  readonly links: MoveLink[] = [];

  get current(): MoveLink | null {
    return this.links.at(-1) ?? null;
  }

  promote(versionId: string): void {
    this.links.push(linkPromotion(this.current, versionId));
  }

  /** False where nothing was live before. */
  rollBack(): boolean {
    const target = this.links.find(({ revision }) => revision === this.current?.returnsTo);
    if (!this.current || !target) return false;
    this.links.push(linkRollback(this.current, target));
    return true;
  }
}

const after = (...moves: readonly string[]) => {
  const history = new History();
  for (const move of moves)
    if (move === 'back') history.rollBack();
    else history.promote(move);
  return history;
};

test('a rollback returns to the version that was live before', () => {
  expect(after('a', 'b', 'back').current?.versionId).toBe('a');
});

test('a rollback after a rollback goes further back, not forward again', () => {
  expect(after('a', 'b', 'c', 'back', 'back').current?.versionId).toBe('a');
});

test('after a rollback one may promote again, and return', () => {
  expect(after('a', 'b', 'back', 'c').current?.versionId).toBe('c');
  expect(after('a', 'b', 'back', 'c', 'back').current?.versionId).toBe('a');
});

test('the first version has nothing before it', () => {
  expect(after('a').rollBack()).toBe(false);
  expect(after('a', 'b', 'back').rollBack()).toBe(false);
  expect(new History().rollBack()).toBe(false);
});

test('any history behaves like a stack, and revisions count the moves', () => {
  const moves = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.constant(null)), { maxLength: 60 });
  fc.assert(
    fc.property(moves, (steps) => {
      const history = new History();
      const stack: string[] = [];
      let moved = 0;
      for (const step of steps) {
        if (step !== null) {
          history.promote(step);
          stack.push(step);
          moved += 1;
        } else {
          const canReturn = stack.length > 1;
          expect(history.rollBack()).toBe(canReturn);
          if (canReturn) {
            stack.pop();
            moved += 1;
          }
        }
        expect(history.current?.versionId).toBe(stack.at(-1));
        expect(history.current?.revision ?? 0).toBe(moved);
      }
    }),
  );
});
