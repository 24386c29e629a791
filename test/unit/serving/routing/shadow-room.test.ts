import { MAX_COPIES, MAX_COPY_BYTES, ShadowRoom } from '../../../../src/serving/routing/shadow-room';

test('a shadow takes so many copies, and another one for each that is done', () => {
  const room = new ShadowRoom();
  for (let copy = 0; copy < MAX_COPIES; copy += 1) expect(room.enter(1)).toBe(true);
  expect(room.enter(1)).toBe(false);
  room.leave(1);
  expect(room.enter(1)).toBe(true);
  expect(room.enter(1)).toBe(false);
});

test('large copies fill it sooner; one that is too large alone passes where nothing else is', () => {
  const room = new ShadowRoom();
  expect(room.enter(MAX_COPY_BYTES * 2)).toBe(true);
  expect(room.enter(1)).toBe(false);
  room.leave(MAX_COPY_BYTES * 2);
  expect(room.enter(MAX_COPY_BYTES - 1)).toBe(true);
  expect(room.enter(1)).toBe(true);
  expect(room.enter(1)).toBe(false);
});
