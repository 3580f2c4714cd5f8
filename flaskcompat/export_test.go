package flaskcompat

import "strings"

// SealSalted is Seal with a salt that is not random.
func (w *TOTPWallet) SealSalted(plain, salt []byte) (string, error) { return w.seal(plain, salt) }

// Kept is how many derived keys the wallet keeps.
func (w *TOTPWallet) Kept() int { return w.keys.recent.Len() }

// SealAt is Seal with the time and vector given.
func (c *RecoveryCodes) SealAt(plain []byte, unix int64, iv []byte) string {
	return c.keys[0].seal(plain, unix, iv)
}

// Forget takes other secrets, so that only kept keys are of use.
func (w *TOTPWallet) Forget() {
	for tag := range w.secrets {
		w.secrets[tag] = "forgotten"
	}
}

// Watch calls seen before every derivation, while it has its turn.
func (w *TOTPWallet) Watch(seen func()) {
	derive := w.keys.derive
	w.keys.derive = func(d derivation, secret string) (walletKey, error) {
		seen()
		return derive(d, secret)
	}
}

// Names reports whether a text is kept in the open.
func (w *TOTPWallet) Names(text string) bool {
	for d := range w.keys.places {
		if strings.Contains(d.name+d.salt, text) {
			return true
		}
	}
	return false
}

// Nobody is the salt where a name has no wallet.
func (w *TOTPWallet) Nobody(name string) string { return w.nobody(name).salt }
