/** In how many pieces one text, or one call's arguments, is streamed, surrogates aside. */
const SHARES = 4;
/** A longer text is not cut in pieces shorter than this. */
const PIECE_CHARACTERS_MIN = 8;

/** Cuts a text in 2 to 5 pieces, never inside a surrogate pair. One character stays whole. */
export function pieces(text: string): readonly string[] {
  const half = Math.ceil(text.length / 2);
  const share = Math.ceil(text.length / SHARES);
  const size = Math.max(1, Math.min(half, Math.max(PIECE_CHARACTERS_MIN, share)));
  const cut: string[] = [];
  let from = 0;
  while (from < text.length) {
    const to = boundary(text, from, Math.min(text.length, from + size));
    cut.push(text.slice(from, to));
    from = to;
  }
  return cut;
}

/** The end of a piece, moved off the middle of a surrogate pair: back, or on if nothing is left. */
function boundary(text: string, from: number, to: number): number {
  const last = text.charCodeAt(to - 1);
  if (to >= text.length || last < 0xd800 || last > 0xdbff) return to;
  return to - 1 > from ? to - 1 : to + 1;
}
