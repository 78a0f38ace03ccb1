/** A format of a release as the catalogue takes it. */
export interface ReadFormat {
  name: string;
  quantity?: number;
  descriptions?: string[];
}

const QUANTITY = /^(\d{1,4})x(.+)$/;

/** Formats as Discogs writes them in exports: `2xLP, Album, RE, 180 + CD`. Several are joined by plus signs. */
export function readDiscogsFormats(text: string): ReadFormat[] {
  return text.split(' + ').flatMap((one) => {
    const [first = '', ...descriptions] = one.split(',').flatMap((part) => part.trim() || []);
    if (first === '') return [];
    const [, quantity, name = first] = QUANTITY.exec(first) ?? [];
    return [
      {
        name: name.trim(),
        ...(quantity !== undefined && { quantity: Number(quantity) }),
        ...(descriptions.length > 0 && { descriptions }),
      },
    ];
  });
}
