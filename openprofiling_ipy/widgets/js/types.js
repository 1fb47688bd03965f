/**
 * The types of the picture. Everything is columns: a million nodes are a dozen typed arrays, never a million objects.
 *
 * Sentinels, stated once: parent -1 is a root, sample stack -1 is an empty stack, line and firstLine 0 are unknown,
 * string 0 is "", node or box -1 is none. Weights are Float64 but hold integers in the unit of their value type.
 *
 * @typedef {"cell" | "user" | "package" | "stdlib" | "builtin" | "native"} PlaceKind
 * @typedef {"ns" | "bytes" | "count"} Unit
 *
 * @typedef {object} FunctionTable
 * @property {Int32Array} name [U] into strings: the qualified name
 * @property {Int32Array} file [U] into strings
 * @property {Int32Array} firstLine [U] 1-based
 *
 * @typedef {object} FrameTable
 * @property {Int32Array} fn [F] into functions
 * @property {Int32Array} line [F] executed line
 * @property {Int32Array} expression [F] into strings: what was being evaluated, leaves only
 *
 * @typedef {object} StackTable in preorder: the subtree of i is [i, end[i])
 * @property {Int32Array} parent [N]
 * @property {Int32Array} frame [N] into frames
 * @property {Int32Array} end [N]
 *
 * @typedef {object} SampleTable
 * @property {Int32Array} stack [S] the leaf
 * @property {Int32Array} thread [S] into threads
 * @property {Float64Array | null} time [S] ns since the start, the end of what the sample stands for
 * @property {Float64Array[]} values one column [S] a value type
 *
 * @typedef {object} Thread a lane of samples
 * @property {string} name
 * @property {"thread" | "task" | "native"} kind
 * @property {boolean} home shown at first
 *
 * @typedef {object} ValueType
 * @property {string} kind "cpu", "wall", "samples"
 * @property {Unit} unit
 *
 * @typedef {object} Profile
 * @property {string[]} strings
 * @property {FunctionTable} functions
 * @property {FrameTable} frames
 * @property {StackTable} stacks
 * @property {SampleTable} samples
 * @property {Thread[]} threads
 * @property {ValueType[]} valueTypes
 * @property {string} startedAt unix ns as decimal digits: beyond what a Number holds
 * @property {number} duration ns
 * @property {Record<string, string | number | boolean>} attributes
 * @property {Record<string, string>} sources file label → text as it ran
 *
 * @typedef {object} Place
 * @property {PlaceKind} kind
 * @property {string} package
 * @property {string} short
 *
 * @typedef {object} Colors
 * @property {string} light
 * @property {string} dark
 * @property {string} ink_light
 * @property {string} ink_dark
 *
 * @typedef {object} ViewFacts what Python says about the picture; the `view` member of the page's data
 * @property {string} title
 * @property {string[]} facts
 * @property {{level: "info" | "warn", text: string}[]} notes
 * @property {string} value kind of the value shown first
 * @property {boolean} [few] too few samples to believe their shares: drawn pale
 * @property {string} cell label of the profiled cell, "" where there is none
 * @property {Place[]} places
 * @property {Record<string, number>} file_place string id of a file → index into places
 * @property {Record<string, Colors>} packages
 * @property {Record<string, Colors>} [kinds] colours of places that are no package, by their kind
 * @property {string} export the `%oprof export` line
 * @property {string} filename without extension
 * @property {number} height px
 *
 * @typedef {object} Places where every function lives
 * @property {Place[]} list
 * @property {Int32Array} of [U] into list
 * @property {Int32Array} group [U] number of the folded package ("my code"), -1 for the user's own code
 * @property {Uint8Array} joins [U] what "my code" lets it join besides: 0 nothing, 1 a package above, 2 whatever is above
 * @property {Uint8Array} hosts [U] 1 where it is of a package
 *
 * @typedef {"keep" | "collapse" | "fold"} Recursion
 *   keep: as recorded; collapse: consecutive repeats of a function are one node; fold: a function that is already on
 *   the path folds back into that node, so that no path shows a function twice.
 *
 * @typedef {object} Folding
 * @property {Recursion} recursion
 * @property {boolean} mine one node for each package entered
 * @property {Places} places
 *
 * @typedef {object} Tree the display tree: parents before children, the lines of a function merged
 * @property {number} count
 * @property {Int32Array} fn [count] into functions
 * @property {Int32Array} parent [count]
 * @property {Int32Array} depth [count]
 * @property {Int32Array} newest [count + 1] the child made last + 1, 0 for none: n + 1 is the place of node n, 0 of the roots
 * @property {Int32Array} older [count] the sibling made before it + 1, 0 for none
 * @property {Float64Array} self [count]
 * @property {Float64Array} total [count]
 * @property {Int32Array} stackNode [N] stack → node, -1 where it has no weight or folds away; empty for callers and callees
 * @property {number} weight sum over the roots
 *
 * @typedef {object} Boxes
 *   What is painted and hit: sorted by row, then by x, and parents before children. Boxes of a row never overlap.
 * @property {number} count
 * @property {Int32Array} fn [count] into functions
 * @property {Int32Array} parent [count] the box it hangs on
 * @property {Int32Array} row [count]
 * @property {Float64Array} x0 [count]
 * @property {Float64Array} x1 [count]
 * @property {Float64Array} self [count] in the unit of the value
 * @property {Float64Array} total [count] in the unit of the value (in time order not the width)
 * @property {Int32Array} node [count] into the tree it was made of
 * @property {Int32Array} rowStart [rows + 1] the boxes of row r are [rowStart[r], rowStart[r + 1])
 * @property {Float64Array} widest [rows] the widest box of a row
 * @property {Int32Array} firstChild [count] the leftmost box that hangs on it, -1 for none; its siblings follow it
 * @property {boolean} heaviestFirst siblings are sorted by width, the widest first
 * @property {number} rows
 * @property {number} x0Min extent of the picture
 * @property {number} x1Max
 *
 * @typedef {object} Lane
 * @property {number} thread into threads
 * @property {number} headerRow an empty row for its name, -1 where there is only one lane
 * @property {number} firstRow
 * @property {number} rows
 * @property {number} total weight of the value
 * @property {number} hidden samples not drawn because another of the lane covers the same moment
 * @property {number} joined samples drawn as one with a longer neighbour, because there are too many; usually 0
 *
 * @typedef {Boxes & {lanes: Lane[], clock: boolean}} TimeBoxes `clock`: x is ns since the start, else cumulated weight
 *
 * @typedef {object} FunctionWeights recursion counted once
 * @property {Float64Array} self [U]
 * @property {Float64Array} total [U]
 *
 * @typedef {object} Match
 * @property {Uint8Array} functions [U] 1 where it matches
 * @property {number} count
 * @property {string} error why the expression between slashes cannot be read, else ""
 *
 * @typedef {object} Viewport what part of the picture is seen
 * @property {number} x0
 * @property {number} x1
 * @property {number} top first row seen, may lie between rows
 *
 * @typedef {object} Extent how far a viewport may go
 * @property {number} x0
 * @property {number} x1
 * @property {number} rows of the picture
 * @property {number} seen rows that fit into the window, may be a fraction
 * @property {number} narrowest the smallest x1 - x0
 *
 * @typedef {object} LineWeights of one file, sorted by line; total counts a line once a stack
 * @property {Int32Array} line [K]
 * @property {Float64Array} self [K]
 * @property {Float64Array} total [K]
 *
 * @typedef {object} Hot an expression
 * @property {string} text
 * @property {number} self
 *
 * @typedef {object} NodeLine a line that a node executed
 * @property {number} line
 * @property {string} text what was evaluated there, else the line itself, "" where neither is known
 * @property {number} total
 */

export {};
