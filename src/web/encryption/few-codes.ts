/** With this many recovery codes left, or fewer, it is time for new ones. */
export const FEW_CODES = 3
