package flaskcompat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strings"
)

// The parts of a Fernet token: version, time, initialisation vector, ciphertext,
// MAC.
const (
	fernetVersion = 0x80
	fernetHead    = 1 + 8
	fernetMin     = fernetHead + aes.BlockSize + aes.BlockSize + sha256.Size
	fernetKeyLen  = 32
)

// fernetText refuses stray bits in the last character, so that a token has one
// spelling.
var fernetText = base64.URLEncoding.Strict()

// fernetKey signs with its first half and encrypts with the second.
type fernetKey struct {
	mac   []byte
	block cipher.Block
}

// parseFernetKey reads 32 bytes in base 64. Python also takes the standard
// alphabet, for keys that were not made by Fernet itself.
func parseFernetKey(text string) (fernetKey, error) {
	raw, err := fernetText.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(text))
	if err != nil || len(raw) != fernetKeyLen {
		return fernetKey{}, errors.New("not 32 bytes in URL-safe base64") // without err: it is about a key
	}
	block, err := aes.NewCipher(raw[16:])
	return fernetKey{raw[:16], block}, err
}

// seal writes a token.
func (k fernetKey) seal(plain []byte, unix int64, iv []byte) string {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	token := binary.BigEndian.AppendUint64([]byte{fernetVersion}, uint64(unix))
	token = append(token, iv...)
	cipher.NewCBCEncrypter(k.block, iv).CryptBlocks(padded, padded)
	token = append(token, padded...)
	return fernetText.EncodeToString(append(token, k.sum(token)...))
}

// fernetToken is a token taken apart, of which nothing is believed yet.
type fernetToken struct {
	signed, mac []byte
	unix        int64
}

// parseFernet takes a token apart.
func parseFernet(text string) (t fernetToken, ok bool) {
	if len(text) > MaxStored || strings.ContainsAny(text, "\r\n") {
		return t, false
	}
	raw, err := fernetText.DecodeString(text)
	if err != nil || len(raw) < fernetMin || raw[0] != fernetVersion || (len(raw)-fernetMin)%aes.BlockSize != 0 {
		return t, false
	}
	unix := binary.BigEndian.Uint64(raw[1:])
	end := len(raw) - sha256.Size
	return fernetToken{raw[:end], raw[end:], int64(unix)}, unix <= math.MaxInt64
}

// open returns what a token of this key holds. The MAC is compared in constant
// time, and before anything is decrypted: padding says nothing to whoever cannot
// sign.
func (k fernetKey) open(t fernetToken) ([]byte, bool) {
	if !hmac.Equal(k.sum(t.signed), t.mac) {
		return nil, false
	}
	iv, text := t.signed[fernetHead:fernetHead+aes.BlockSize], t.signed[fernetHead+aes.BlockSize:]
	out := make([]byte, len(text))
	cipher.NewCBCDecrypter(k.block, iv).CryptBlocks(out, text)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, false
	}
	return out[:len(out)-pad], true
}

func (k fernetKey) sum(signed []byte) []byte {
	mac := hmac.New(sha256.New, k.mac)
	mac.Write(signed)
	return mac.Sum(nil)
}
