/** Longest origin that is looked at: 253 letters of host name (RFC 1035), scheme and port. */
const MAX_LENGTH = 300;

/**
 * Whether the text is an origin exactly as a browser sends it: `https://shop.example` or `http://localhost:5173`; lower
 * case, punycode, no usual port, no path, no wildcard, not `null`.
 */
export function isOrigin(text: string): boolean {
  if (text.length > MAX_LENGTH || !/^https?:\/\/[^*]+$/.test(text)) return false;
  return URL.canParse(text) && new URL(text).origin === text;
}
