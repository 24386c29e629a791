import type { Tensor } from '../../kernel/tensors/tensor';
import type { Commands, Outcome, Work } from './commands';
import { Side, type SideSettings } from './side';

/** Threads beside the main one: each costs some megabytes, and a model that loads holds up those of its thread alone. */
const MAX_SIDES = 4;

/** Where a worker holds its models: in its main thread, and what was loaded aside in threads beside it. */
export class Sides {
  private readonly sides: Side[] = [];

  constructor(
    private readonly main: Commands,
    private readonly settings: SideSettings,
  ) {}

  /** @returns once it is done; what is loaded aside leaves the main thread free meanwhile */
  async perform(command: Work, tensors: readonly Tensor[]): Promise<Outcome> {
    switch (command.type) {
      case 'load':
        return command.aside ? this.loadAside(command) : this.main.perform(command, tensors);
      case 'run':
        return (this.holderOf(command.sha256) ?? this.main).perform(command, tensors);
      case 'unload':
        return this.unload(command);
      case 'free-memory':
        await Promise.all(
          this.sides.filter(({ isBusy }) => !isBusy).map((side) => side.perform(command, [])),
        );
        return this.main.perform(command, []);
      default:
        return this.main.perform(command, tensors);
    }
  }

  private async loadAside(command: Extract<Work, { type: 'load' }>): Promise<Outcome> {
    const side = this.freeSide();
    const outcome = await side.perform(command, []);
    if (outcome.reply.type === 'done') side.models.add(command.sha256);
    return outcome;
  }

  private async unload(command: Extract<Work, { type: 'unload' }>): Promise<Outcome> {
    const side = this.holderOf(command.sha256);
    side?.models.delete(command.sha256);
    return (side ?? this.main).perform(command, []);
  }

  private holderOf(sha256: string): Side | undefined {
    return this.sides.find(({ models }) => models.has(sha256));
  }

  /** One without models, else a new one, else the one whose models nobody has asked for longest. */
  private freeSide(): Side {
    const empty = this.sides.find((side) => side.models.size === 0 && !side.isBusy);
    if (empty) return empty;
    if (this.sides.length < MAX_SIDES) {
      const side = new Side(this.settings);
      this.sides.push(side);
      return side;
    }
    return this.sides.reduce((one, other) => (other.usedAt < one.usedAt ? other : one));
  }
}
