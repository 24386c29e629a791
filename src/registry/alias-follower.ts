/**
 * Whoever routes by aliases. It is told once an alias has moved, before the caller hears of it: so whoever promotes a
 * version and then predicts is answered by it. Serving implements it; `compose.ts` joins the two.
 */
export interface AliasFollower {
  /** Resolves when this process follows, or cannot for now; never rejects. Other processes follow by the bus. */
  aliasMoved(): Promise<void>;
}
