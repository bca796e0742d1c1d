package detector

// Place is where an address of the Internet belongs: the network that announces it, and the country of that network. It
// says nothing of where a person is.
type Place struct {
	AS      uint32 // number of the autonomous system; 0 when it is not known
	Org     string // who runs it
	Country string // ISO 3166-1 alpha-2
}
