/** Text as staff type it: without accents and case, so that `beyonce` finds `Beyoncé`. */
export function searchText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}
