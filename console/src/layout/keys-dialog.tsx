/** Shows the keys, and turns them off for who needs these letters for something else, such as dictation. */
import { Dialog } from "../ui/dialog";
import { Checkbox } from "../ui/field";
import { keysAreOn } from "./keys";
import { PLACES } from "./places";

const KEYS: readonly (readonly [readonly string[], string])[] = [
  [["/"], "Search"],
  [["j"], "Next row of a list"],
  [["k"], "Row before"],
  [["Enter"], "Open the row"],
  [["Esc"], "Close what is open"],
  [["?"], "This list"],
  ...PLACES.map((place) => [["g", place.key], place.name] as const),
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, about]) => (
          <div key={about}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
      <Checkbox
        label="Keys are on"
        hint="This browser remembers it."
        checked={keysAreOn.value === "on"}
        onChecked={(on) => {
          keysAreOn.value = on ? "on" : "off";
        }}
      />
    </Dialog>
  );
}
