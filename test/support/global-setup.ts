import build from './build';
import { makeTemplate } from './template-database';

export default async function setUp(): Promise<void> {
  build();
  await makeTemplate();
}
