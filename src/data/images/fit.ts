// On its own: the types of the package sharp, which pictures are decoded with, need those of Node, and a program that
// uses this project should need neither.

/** How a picture of another shape is brought to the wanted size. */
export type ImageFit = 'cover' | 'contain' | 'fill';
