/** Paints slivers as one where they touch: a busy row of time order is a thousand of them, and rectangles are dear. */

export class Run {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} height of a sliver
   */
  constructor(context, height) {
    this.context = context;
    this.height = height;
    this.x = this.y = this.end = 0;
    this.fill = "";
  }

  /**
   * Slivers of a row come from left to right.
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {string} fill
   */
  add(x, y, width, fill) {
    if (y !== this.y || fill !== this.fill || x > this.end + 0.01) {
      this.flush();
      this.x = x;
      this.y = y;
      this.fill = fill;
    }
    this.end = x + width;
  }

  flush() {
    if (this.end > this.x) {
      this.context.fillStyle = this.fill;
      this.context.fillRect(this.x, this.y, this.end - this.x, this.height);
    }
    this.end = this.x;
  }
}
