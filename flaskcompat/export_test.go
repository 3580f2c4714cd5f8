package flaskcompat

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
