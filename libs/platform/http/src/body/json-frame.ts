/** An object or array that is open. Frames are reused level by level. */
export class JsonFrame {
  isObject = false;
  /** Members or elements begun. */
  count = 0;
  /** The member being read; undefined while its name is. */
  name: string | undefined;
  private readonly names = new Set<string>();

  open(isObject: boolean): void {
    this.isObject = isObject;
    this.count = 0;
    this.name = undefined;
    this.names.clear();
  }

  /** Whether the name is new in this object. */
  claim(name: string): boolean {
    const before = this.names.size;
    return this.names.add(name).size > before;
  }
}
